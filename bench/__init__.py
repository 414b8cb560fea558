"""Measurements beside a peer, in one run; `python -m bench` prints ratios and writes JSON."""
