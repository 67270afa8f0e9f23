"""The effects that AWS published for its own service, looked for on the local endpoint.

"Amazon SageMaker Automatic Model Tuning: Scalable Gradient-Free Optimization" (KDD 2021,
https://arxiv.org/abs/2012.08489) reports that Bayesian finds better models than random search on
equal budgets, logarithmic scaling better ones than linear, that early stopping saves training time
at little loss, and that a warm start is better than a cold one. AWS's Bayesian is a Gaussian
process and the endpoint's is Optuna's TPE, so none of it is to be taken for granted here.

Each effect is two arms on three real data sets of scikit-learn's, each under the seeds 0 to 29,
fixed before anything was run, every one reported. A seed is the RandomSeed of both arms, and the
split of the data into training and validation. The arms train for real, through the endpoint's
API. The ranges were settled after trials under seeds 0 and 1, because in those that AWS recommends,
for more data, hardly any training job learned anything. The rounds under early stopping were cut
from 1000 to 500 after those trials too, for the time that all of it takes.

Lower is better, of objectives and of times. The arms are compared by the Wilcoxon signed-rank test,
two-sided, without correction for the number of comparisons.
"""
