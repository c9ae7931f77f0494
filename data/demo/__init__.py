"""Parts of the generator of the demo programme; ``data/generate_demo.py`` puts them together."""
