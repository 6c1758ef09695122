"""Talk to applications and devices over MQTT, as the platform does (platform page 9).

paho-mqtt comes with the extra ``mqtt``, and is imported when a client is made.
"""
