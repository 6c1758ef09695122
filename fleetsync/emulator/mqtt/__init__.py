"""Speak MQTT 3.1.1 as the platform does (platform page 9).

Topics inside are those that applications see; devices and gateways are translated at the door.
"""

from __future__ import annotations
