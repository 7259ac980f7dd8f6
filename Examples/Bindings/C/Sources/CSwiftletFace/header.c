// SPDX-License-Identifier: Apache-2.0

// A C target has a source file: this one checks that the header compiles. The functions are in Swift, in SwiftletFace.
#include "swiftlet.h"
