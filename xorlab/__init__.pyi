"""xorlab: a convergence laboratory for small neural networks."""

from . import plot as plot
from .analysis.statistics.comparison import compare as compare
from .analysis.statistics.comparison import compare_all as compare_all
from .analysis.statistics.convergence import convergence as convergence
from .analysis.statistics.sample_size import seeds_needed as seeds_needed
from .analysis.statistics.verdict import Comparison as Comparison
from .errors import ConfigError as ConfigError
from .errors import StoreError as StoreError
from .errors import UsageError as UsageError
from .failures.classes import failure_table as failure_table
from .failures.diagnose import diagnose as diagnose
from .landscapes.landscape import Landscape as Landscape
from .landscapes.landscape import landscape as landscape
from .networks.compose import configure as configure
from .networks.config import Config as Config
from .networks.train import predict as predict
from .networks.train import train as train
from .networks.train import train_many as train_many
from .tracking.landscapes import load_landscape as load_landscape
from .tracking.read.runs import load_curves as load_curves
from .tracking.read.runs import load_runs as load_runs
from .tracking.read.weights import load_weights as load_weights
from .trainers.result import Result as Result
