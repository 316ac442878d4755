/* SPDX-License-Identifier: MIT
 * What our warnings, or C11 without extensions, would not let through. */
int visible;
int main(int argc, char **argv) {
    typeof(argc) unused, numbers[argc];
    return (int)sizeof numbers > 1000;
}
