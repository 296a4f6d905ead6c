"""What the machine and the operating system give: signals, memory, versions, git, files."""
