"""Talk to applications and devices over MQTT, as the platform does (platform page 9).

Nothing here is imported by another room but ``cli``; paho-mqtt comes with the extra ``mqtt``.
"""
