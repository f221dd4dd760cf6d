"""Models and what is asked of them; the networks are mmsegmentation's, and RSTN."""
