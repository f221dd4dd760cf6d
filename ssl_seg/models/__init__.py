"""Models and what is asked of them; the networks themselves are mmsegmentation's."""
