"""Mail relays: adapters of the port ``MailSender``."""
