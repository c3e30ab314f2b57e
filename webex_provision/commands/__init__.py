"""The verbs of `webex-provision`, a module for each part of an operator's day, in the order of their help.

Belongs here: arguments, options and help texts. Does not belong here: what a verb does, which one function of `console`
knows; it is imported by the verb itself, so that help comes at once. An option is declared once, in `options`.
"""
