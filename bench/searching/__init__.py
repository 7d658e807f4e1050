"""What bench/search.py measures, part by part."""
