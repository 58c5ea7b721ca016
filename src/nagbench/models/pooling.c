/* relu(max_pool2d(x, 2)) of bfloat16 in channels-last memory, and its gradient.

   Numbers are compared as integers and copied, never computed with: a bfloat16 without its sign is
   an int16 in the same order. Each window leaves in `places` where its maximum lies, 0 to 3 by row
   and column, or 4 where the rectifier lets no gradient pass. A NaN wins over every number; of
   several the last one does, of equal numbers the first, as torch has it. */

#include <stdint.h>
#include <string.h>

#if defined(__AVX512BW__)
#define LANES 32
#elif defined(__AVX2__)
#define LANES 16
#else
#define LANES 8
#endif

typedef int16_t numbers __attribute__((vector_size(2 * LANES)));
typedef uint8_t bytes __attribute__((vector_size(LANES)));

#define NONE 4
#define ALL(value) ((numbers){0} + (int16_t)(value))
#define WHERE(condition, yes, no) (((yes) & (condition)) | ((no) & ~(condition)))

/* Up to LANES channels of a window whose pixels lie at `pixel`. */
static inline void forward_lanes(const int16_t *const pixel[4], int16_t *out, uint8_t *places,
                                 size_t channels) {
  numbers most = {0}, best = {0}, place = {0};
  for (int k = 0; k < 4; k++) {
    numbers value = {0};
    memcpy(&value, pixel[k], channels * sizeof(int16_t));
    numbers size = value & ALL(0x7fff);
    numbers nan = size > ALL(0x7f80);
    numbers order = WHERE(nan, ALL(0x7fff), WHERE(value < ALL(0), -size, size));
    numbers wins = k ? (order > most) | nan : ALL(-1);
    most = WHERE(wins, order, most);
    best = WHERE(wins, value, best);
    place = WHERE(wins, ALL(k), place);
  }
  best = WHERE(most < ALL(0), ALL(0), best);
  place = WHERE(most <= ALL(0), ALL(NONE), place);
  bytes short_place = __builtin_convertvector(place, bytes);
  memcpy(out, &best, channels * sizeof(int16_t));
  memcpy(places, &short_place, channels);
}

static inline void backward_lanes(const int16_t *gradient, const uint8_t *places,
                                  int16_t *const pixel[4], size_t channels) {
  numbers value = {0};
  bytes short_place = {0};
  memcpy(&value, gradient, channels * sizeof(int16_t));
  memcpy(&short_place, places, channels);
  numbers place = __builtin_convertvector(short_place, numbers);
  value &= value != ALL(-0x8000); /* torch adds to +0, which leaves no negative zero */
  for (int k = 0; k < 4; k++) {
    numbers passed = value & (place == ALL(k));
    memcpy(pixel[k], &passed, channels * sizeof(int16_t));
  }
}

/* x: (images, height, width, channels); out, places: (images, height / 2, width / 2, channels). */
void forward(const int16_t *x, int16_t *out, uint8_t *places, int64_t images, int64_t height,
             int64_t width, int64_t channels) {
  for (int64_t n = 0; n < images; n++)
    for (int64_t i = 0; i + 1 < height; i += 2)
      for (int64_t j = 0; j + 1 < width; j += 2) {
        const int16_t *left = x + ((n * height + i) * width + j) * channels;
        const int16_t *below = left + width * channels;
        for (int64_t c = 0; c < channels; c += LANES) {
          const int16_t *const pixel[4] = {left + c, left + channels + c, below + c,
                                           below + channels + c};
          if (channels - c >= LANES)
            forward_lanes(pixel, out + c, places + c, LANES);
          else
            forward_lanes(pixel, out + c, places + c, (size_t)(channels - c));
        }
        out += channels;
        places += channels;
      }
}

/* gradient, places: (images, height / 2, width / 2, channels); result: as x in `forward`. */
void backward(const int16_t *gradient, const uint8_t *places, int16_t *result, int64_t images,
              int64_t height, int64_t width, int64_t channels) {
  for (int64_t n = 0; n < images; n++) {
    int16_t *image = result + n * height * width * channels;
    for (int64_t i = 0; i + 1 < height; i += 2) {
      for (int64_t j = 0; j + 1 < width; j += 2) {
        int16_t *left = image + (i * width + j) * channels;
        int16_t *below = left + width * channels;
        for (int64_t c = 0; c < channels; c += LANES) {
          int16_t *const pixel[4] = {left + c, left + channels + c, below + c,
                                     below + channels + c};
          if (channels - c >= LANES)
            backward_lanes(gradient + c, places + c, pixel, LANES);
          else
            backward_lanes(gradient + c, places + c, pixel, (size_t)(channels - c));
        }
        gradient += channels;
        places += channels;
      }
      if (width % 2) /* the column that no window covers, in both rows */
        for (int64_t row = i; row < i + 2; row++)
          memset(image + (row * width + width - 1) * channels, 0,
                 (size_t)channels * sizeof(int16_t));
    }
    if (height % 2)
      memset(image + (height - 1) * width * channels, 0,
             (size_t)(width * channels) * sizeof(int16_t));
  }
}
