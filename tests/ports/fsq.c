/* A port of Finite Scalar Quantization to C, with the program that answers fsqcheck's test vectors.

   Usage: fsq < vectors.txt > answers.txt
   Build: cc -std=c99 -O2 -ffp-contract=off fsq.c -o fsq -lm; with -DREAL=double for vectors of float64.
   The rules paper, paper-atanh and widened. Faults to try: -DSHIFT=tan, -DROUND='(int)', -DINTEGER='(long long)', -DWEIGHT=float. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef REAL
#define REAL float
#endif
#ifndef SHIFT
#define SHIFT atanh     /* of paper-atanh and widened; that of paper is tan */
#endif
#ifndef ROUND
#define ROUND rint      /* half to even; a cast to an integer would cut */
#endif
#ifndef INTEGER
#define INTEGER llrint  /* from a code that was scaled back to its level */
#endif
#ifndef WEIGHT
#define WEIGHT long long
#endif

typedef REAL real;
typedef double (*function)(double);

enum { MOST = 64 };
static int channels, levels[MOST];
static real amplitude[MOST], offset[MOST], shift[MOST];

/* h, o and s of every channel (arXiv 2309.15505; vector-quantize-pytorch issue 94). */
static void prepare(const char *rule) {
    double factor = strcmp(rule, "widened") ? 0.999 : 1.001;
    function shifted = strcmp(rule, "paper") ? SHIFT : tan;
    for (int i = 0; i < channels; i++) {
        double h = (levels[i] - 1) * factor / 2, o = levels[i] % 2 ? 0 : 0.5;
        amplitude[i] = (real)h, offset[i] = (real)o, shift[i] = (real)shifted(o / h);
    }
}

/* One vector: its codes, the gradient of each for an upstream of 1, and its index; -1 for NaN. */
static long long quantize(const real *z, real *codes, real *gradient) {
    WEIGHT weight = 1, index = 0;
    int known = 1;
    for (int i = 0; i < channels; i++) {
        real half = (real)(levels[i] / 2), t = (real)tanh(z[i] + shift[i]);
        real level = (real)ROUND(t * amplitude[i] - offset[i]) + half;
        if (level > levels[i] - 1) level = (real)(levels[i] - 1);
        if (level < 0) level = 0;
        codes[i] = (level - half) / half;
        gradient[i] = (1 - t * t) * amplitude[i] / half;
        known = known && !isnan(z[i]);
        if (known) index += (WEIGHT)INTEGER(codes[i] * half + half) * weight;
        weight *= (WEIGHT)levels[i];
    }
    return known ? (long long)index : -1;
}

static void stop(const char *why) {
    fprintf(stderr, "fsq: %s\n", why);
    exit(1);
}

/* A word, and then a number as strtod reads it: hex floats, inf and nan too. */
static const char *word(void) {
    static char text[128];
    if (scanf("%127s", text) != 1) stop("the vectors end too early");
    return text;
}

static double number(void) { return strtod(word(), NULL); }

static void expect(const char *name) {
    if (strcmp(word(), name)) stop(name);
}

static void comments(void) {
    int c;
    while ((c = getchar()) == '#')
        while ((c = getchar()) != '\n' && c != EOF) {}
    ungetc(c, stdin);
}

static void print(const char *name, const real *values) {
    printf(" %s", name);
    for (int i = 0; i < channels; i++) printf(" %a", (double)values[i]);
}

int main(void) {
    char rule[128], digest[128];
    comments();
    expect("fsqcheck-vectors"), expect("1");
    expect("fsqcheck"), word();
    expect("rule"), strcpy(rule, word());
    expect("dtype"), expect(sizeof(real) == 4 ? "float32" : "float64");
    expect("digest"), strcpy(digest, word());
    expect("levels"), channels = (int)number();
    if (channels < 1 || channels > MOST) stop("too many channels");
    for (int i = 0; i < channels; i++) levels[i] = (int)number();
    for (int i = 0; i < channels; i++) {
        expect("codes"), number(), number(), number();
        for (int k = 0; k < levels[i]; k++) number();
    }
    prepare(rule);
    printf("fsqcheck-answers 1\nvectors %s\ntarget fsq.c 1.0\nenvironment C, %s\n", digest, __VERSION__);
    expect("vectors");
    for (long left = (long)number(); left > 0; left--) {
        real z[MOST], codes[MOST], gradient[MOST];
        printf("%s", word());                                       /* ID */
        word();                                                     /* FLAGS */
        for (long k = (long)number(); k > 0; k--) word();           /* COUNT INDEX... */
        for (int i = 0; i < channels; i++) {
            z[i] = (real)number();
            number(), number(), number();                           /* LOWEST HIGHEST GRADIENT */
        }
        long long index = quantize(z, codes, gradient);
        print("codes", codes);
        print("gradient", gradient);
        printf(" index %lld\n", index);
    }
    return 0;
}
