"""The REST API: authorization, usage plans, domains, logs, the firewall."""
