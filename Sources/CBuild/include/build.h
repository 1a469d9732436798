// The commit that the program was built from, as scripts/build names it: empty when another build made it, "none" outside git.
extern const char *const lapse_commit;

// Where the loader finds a function, and the file that has it; null, and the file as it was, when no loaded library has it.
void *lapse_find(const char *function, const char **file);
