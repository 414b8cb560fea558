"""How results are shown. Nothing else prints."""
