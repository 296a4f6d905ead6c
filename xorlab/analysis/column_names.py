"""Names of columns of a table of runs that decide what its settings are.

Recording a run needs them too, before anything imports pandas.
"""

NETWORK_KEY = "network.hidden"  # runs of the built-in network have it
TRAINER = "trainer"  # only runs of a user's own trainer have it
TABLE = "table"  # of which content of a table a run learned
SETTING = "setting"  # of whole settings, each already written as a reader sees it
