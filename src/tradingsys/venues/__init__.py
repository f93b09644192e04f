"""Exchange codecs and protocols: pure. Each venue's code plays both roles, client's and server's."""
