"""The files that an administrator installs: gate, keys command, sshd, sudo and systemd settings."""
