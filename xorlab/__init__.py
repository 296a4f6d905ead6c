"""xorlab: a convergence laboratory for small neural networks.

Sweep seeds and settings, track every run, and learn how often a setting learns and how fast.
The public names are listed in ``__init__.pyi``; each is imported when it is first used, because
MLflow alone takes seconds to import.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
