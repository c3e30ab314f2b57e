"""Tests of the command line: verbs, flags, what is shown, and the two long verbs played as a person would."""
