/* The E-step of a 1-D Gaussian hidden Markov model as one would write it by hand: scaled
   forward-backward, row by row. Returns the log-likelihood; sums holds initial counts (K),
   transition counts (K, K), weights, deviations and squares (K each). */
#include <math.h>
#include <string.h>

double expectations(long num_states, long length, long num_sequences,
                    const double *restrict observations, const double *restrict initial_probs,
                    const double *restrict transition, const double *restrict means,
                    const double *restrict variances, double *restrict sums,
                    double *restrict work)
{
    const long K = num_states;
    double *restrict filtered = work, *restrict likelihood = work + length * K;
    double *restrict scales = work + 2 * length * K;
    double *restrict starts = sums, *restrict counts = sums + K;
    double *restrict weights = counts + K * K, *restrict deviations = weights + K;
    double *restrict squares = deviations + K;
    double predicted[K], future[K], evidence[K], constant[K], inverse[K];
    double log_likelihood = 0.0;
    memset(sums, 0, sizeof(double) * K * (K + 4));
    for (long k = 0; k < K; k++) {
        constant[k] = -0.5 * log(2.0 * M_PI * variances[k]);
        inverse[k] = 1.0 / variances[k];
    }
    for (long n = 0; n < num_sequences; n++) {
        const double *restrict x = observations + n * length;
        for (long t = 0; t < length; t++) {
            double *restrict now = filtered + t * K, *restrict seen = likelihood + t * K;
            double shift = -INFINITY, total = 0.0;
            if (t == 0) {
                memcpy(predicted, initial_probs, sizeof(double) * K);
            } else {
                const double *restrict past = now - K;
                memset(predicted, 0, sizeof(double) * K);
                for (long i = 0; i < K; i++)
                    for (long j = 0; j < K; j++)
                        predicted[j] += past[i] * transition[i * K + j];
            }
            for (long k = 0; k < K; k++) {
                double gap = x[t] - means[k];
                seen[k] = constant[k] - 0.5 * gap * gap * inverse[k];
                if (seen[k] > shift) shift = seen[k];
            }
            for (long k = 0; k < K; k++) {
                seen[k] = exp(seen[k] - shift);
                now[k] = predicted[k] * seen[k];
                total += now[k];
            }
            for (long k = 0; k < K; k++) now[k] /= total;
            scales[t] = total;
            log_likelihood += log(total) + shift;
        }
        for (long k = 0; k < K; k++) future[k] = 1.0;
        for (long t = length - 1; t >= 0; t--) {
            double *restrict now = filtered + t * K, *restrict seen = likelihood + t * K;
            for (long k = 0; k < K; k++) {
                double gap = x[t] - means[k], weight = now[k] * future[k];
                weights[k] += weight;
                deviations[k] += weight * gap;
                squares[k] += weight * gap * gap;
                if (t == 0) starts[k] += weight;
                evidence[k] = seen[k] * future[k] / scales[t];
            }
            if (t == 0) break;
            const double *restrict past = now - K;
            for (long i = 0; i < K; i++) {
                double sum = 0.0;
                for (long j = 0; j < K; j++) {
                    double term = transition[i * K + j] * evidence[j];
                    sum += term;
                    counts[i * K + j] += past[i] * term;
                }
                future[i] = sum;
            }
        }
    }
    return log_likelihood;
}

/* EM of many models, one after the other, each from its own start, which it overwrites. Returns
   the log-likelihood of all starts together. */
double em_of_many(long num_models, long num_steps, long num_states, long length,
                  long num_sequences, const double *restrict observations,
                  double *restrict initial_probs, double *restrict transition,
                  double *restrict means, double *restrict variances, double floor,
                  double *restrict sums, double *restrict work)
{
    const long K = num_states;
    double *restrict starts = sums, *restrict counts = sums + K;
    double *restrict weights = counts + K * K, *restrict deviations = weights + K;
    double *restrict squares = deviations + K;
    double total = 0.0;
    for (long b = 0; b < num_models; b++) {
        double *pi = initial_probs + b * K, *A = transition + b * K * K;
        double *mu = means + b * K, *v = variances + b * K;
        for (long step = 0; step < num_steps; step++) {
            double value = expectations(K, length, num_sequences, observations, pi, A, mu, v, sums,
                                        work);
            if (step == 0) total += value;
            double sum = 0.0;
            for (long k = 0; k < K; k++) sum += starts[k];
            for (long k = 0; k < K; k++) pi[k] = starts[k] / sum;
            for (long i = 0; i < K; i++) {
                double row = 0.0;
                for (long j = 0; j < K; j++) row += counts[i * K + j];
                if (row > 1e-12)
                    for (long j = 0; j < K; j++) A[i * K + j] = counts[i * K + j] / row;
                if (weights[i] > 1e-12) {
                    double move = deviations[i] / weights[i];
                    double spread = squares[i] / weights[i] - move * move;
                    mu[i] += move;
                    v[i] = spread > floor ? spread : floor;
                }
            }
        }
    }
    return total;
}
