"""`python -m nagbench` is `nagbench`."""

from nagbench.cli import main

raise SystemExit(main())
