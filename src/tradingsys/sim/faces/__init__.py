"""One face per venue protocol: requests and frames in, replies and frames out. Pure."""
