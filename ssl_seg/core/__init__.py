"""The words of the project as plain, frozen values: case, split, label space, stage, plan.

Standard library only, so that planning starts at once and values can travel anywhere.
"""
