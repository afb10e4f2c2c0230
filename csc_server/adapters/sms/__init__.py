"""SMS gateways: adapters of the port ``SmsSender``."""
