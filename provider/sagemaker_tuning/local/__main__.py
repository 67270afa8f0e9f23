"""`python -m sagemaker_tuning.local`."""

import sys

from sagemaker_tuning.local.command import main

if __name__ == "__main__":
    sys.exit(main())
