"""Where Hydra finds the sweeper and the launcher of xorlab."""
