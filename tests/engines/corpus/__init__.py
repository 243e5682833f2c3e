# SPDX-License-Identifier: GPL-3.0-or-later
"""Small images, one for each rule of images and one for the rule's opposite,
with container engines as judges of them."""
