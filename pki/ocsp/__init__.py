"""The OCSP responder without the network: requests, whom they concern, answers."""
