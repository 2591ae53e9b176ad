#!/usr/bin/env bash
# A sandbox has its own paths: the log needs the attempt's.
pwd >where
