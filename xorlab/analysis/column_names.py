"""Names of columns of a table of runs that decide what its settings are.

Recording a run needs them too, before anything imports pandas.
"""

NETWORK_KEY = "network.hidden"  # runs of the built-in network have it
TRAINER = "trainer"  # only runs of a user's own trainer have it
TABLE = "table"  # of which content of a table a run learned
# These draw the data of a run, as its seed draws the weights: runs that differ in them alone are of
# one setting, and the best of them is not worth looking for.
DRAWS = ("task.fold", "task.split_seed")
SETTING = "setting"  # of whole settings, each already written as a reader sees it
