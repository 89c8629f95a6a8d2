/** Packages with native code: they stay outside the bundle and are what the published server still depends on. */
export const nativePackages: readonly string[] = ['@node-rs/argon2', '@node-rs/bcrypt']
