"""Golden dumps: what xorlab prints, computes and records, compared with recorded files.

``python -m tests.golden.dump`` writes the recorded files anew. They are only written anew where a
change is meant to alter what users see, compute or have in their stores.
"""
