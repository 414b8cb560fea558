"""What we talk to: targets, connections, the private server, scratch databases."""
