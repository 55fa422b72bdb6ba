// SPDX-License-Identifier: Apache-2.0

import Files
import Testing

@Suite struct ParentFolderTests {
  @Test(
    "A path's folder, for names of one character too",
    arguments: [
      ("a", ""), ("abc", ""), ("a/b", "a"), ("a/b/", "a"), ("a//b", "a"), ("a/b/c.png", "a/b"), ("/a", "/"),
      ("/", "/"), ("//a", "/"), ("", ""), ("./x", "."), ("Straße/ü", "Straße"),
    ])
  func parent(path: String, folder: String) {
    #expect(parentFolder(of: path) == folder)
  }
}
