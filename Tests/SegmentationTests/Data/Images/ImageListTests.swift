// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Testing

@Suite("Lists of images")
struct ImageListTests {
  @Test("a folder gives its images in byte order, without hidden and other files")
  func folder() throws {
    let folder = ScratchFolder()
    try folder.touch(
      "b/2.PNG", "b/10.jpg", "a.jpeg", "Z.Jpg", "notes.txt", ".hidden.png", ".git/x.png", "b/.DS_Store",
      "c/d/e.f.png")
    let list = try ImageList(folder: folder.path)
    #expect(list.entries.map(\.name) == ["Z", "a", "b/10", "b/2", "c/d/e.f"])
    #expect(list.entries[2].path == folder.at("b/10.jpg"))
    #expect(try ImageList(folder: folder.path + "/").entries.map(\.name) == list.entries.map(\.name))
  }

  @Test("links are followed, loops end, no folder is read twice")
  func links() throws {
    let folder = ScratchFolder()
    let other = ScratchFolder()
    try folder.touch("a/1.png")
    try other.touch("2.png")
    try folder.link("a/back", to: folder.path)
    try folder.link("0twin", to: folder.at("a"))
    try folder.link("other", to: other.path)
    try other.link("home", to: folder.path)
    try folder.link("3.png", to: other.at("2.png"))
    #expect(try ImageList(folder: folder.path).entries.map(\.name) == ["3", "a/1", "other/2"])
  }

  @Test("a dead link is told, not skipped")
  func deadLink() throws {
    let folder = ScratchFolder()
    try folder.touch("1.png")
    try folder.link("2.png", to: folder.at("gone.png"))
    let found = problem { _ = try ImageList(folder: folder.path) }
    #expect(try #require(found).place == folder.at("2.png"))
  }

  @Test("folders that are missing, empty or no folders are told apart")
  func badFolders() throws {
    let folder = ScratchFolder()
    #expect(
      try #require(problem { _ = try ImageList(folder: folder.path) }).what == "the folder has no images")
    let missing = problem { _ = try ImageList(folder: folder.at("none")) }
    #expect(try #require(missing).why == "there is no such folder")
    try folder.touch("file")
    #expect(try #require(problem { _ = try ImageList(folder: folder.at("file")) }).why == "it is a file")
    #expect(problem { _ = try ImageList(at: folder.at("none")) } != nil)
  }

  @Test("a folder that may not be read is told", .enabled(if: getuid() != 0, "root may read everything"))
  func unreadable() throws {
    let folder = ScratchFolder()
    try folder.touch("1.png", "locked/2.png")
    let locked = folder.at("locked")
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: locked)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: locked) }
    #expect(try #require(problem { _ = try ImageList(folder: folder.path) }).place == locked)
  }

  @Test("a list file names paths relative to itself, in its own order")
  func listFile() throws {
    let folder = ScratchFolder()
    try folder.touch("b.png", "sub/a.jpg", "up.png", "with space.png")
    let text =
      "\u{feff}# target\r\n\r\n  sub/a.jpg \r\n./../lists/../up.png\n\(folder.at("b.png"))\n../with space.png"
    try folder.write(text.replacingOccurrences(of: "sub/", with: "../sub/"), to: "lists/train.txt")
    let list = try ImageList(at: folder.at("lists/train.txt"))
    let names = list.entries.map(\.name)
    #expect(Array(names.prefix(1)) == ["sub/a"] && names.count == 4)
    #expect(names.allSatisfy { !$0.hasPrefix("/") && !$0.contains("..") })
    #expect(names.last == "with space")
    #expect(list.entries.allSatisfy { FileManager.default.fileExists(atPath: $0.path) })
  }

  @Test("an absolute path below the list's folder has a relative name")
  func absolutePath() throws {
    let folder = ScratchFolder()
    try folder.touch("x/a.png")
    try folder.write(folder.at("x/a.png"), to: "list.txt")
    #expect(try ImageList(listFile: folder.at("list.txt")).entries.map(\.name) == ["x/a"])
  }

  @Test("lists that name missing files, nothing, or are no text are refused")
  func badLists() throws {
    let folder = ScratchFolder()
    try folder.touch("a.png")
    try folder.write("a.png\n1.png\n2.png\n3.png\n4.png\n", to: "missing.txt")
    let missing = try #require(problem { _ = try ImageList(at: folder.at("missing.txt")) })
    #expect(missing.why.hasPrefix("4 of 5 are missing:") && missing.why.hasSuffix("3.png and 1 more"))
    try folder.write("# nothing\n\n", to: "empty.txt")
    let empty = problem { _ = try ImageList(at: folder.at("empty.txt")) }
    #expect(try #require(empty).what == "the list names no images")
    try folder.write("a\0b", to: "binary")
    #expect(
      try #require(problem { _ = try ImageList(at: folder.at("binary")) }).why == "it is not UTF-8 text")
    try folder.write(".\n", to: "folder.txt")
    #expect(problem { _ = try ImageList(at: folder.at("folder.txt")) } != nil)
  }

  @Test("a single image is a list of one")
  func single() throws {
    let folder = ScratchFolder()
    try folder.touch("sub/a.png")
    #expect(try ImageList(at: folder.at("sub/a.png")).entries.map(\.name) == ["a"])
  }

  @Test("two images of one name are refused, since results are kept by name")
  func sameName() throws {
    let folder = ScratchFolder()
    try folder.touch("a.png", "a.jpg")
    #expect(problem { _ = try ImageList(folder: folder.path) } != nil)
    try folder.write("a.png\na.png\n", to: "twice.txt")
    #expect(
      try #require(problem { _ = try ImageList(at: folder.at("twice.txt")) }).why.hasSuffix("comes twice"))
  }

  @Test("the hash follows names, contents and order, not the place")
  func hash() throws {
    func hash(_ files: [(String, String)]) throws -> String {
      let folder = ScratchFolder()
      for (name, text) in files { try folder.write(text, to: name) }
      let paths = files.map { ImageList.Entry(path: folder.at($0.0), name: String($0.0.dropLast(4))) }
      return try ImageList(source: folder.path, entries: paths).contentHash()
    }
    let base = try hash([("a.png", "1"), ("b.png", "2")])
    #expect(try hash([("a.png", "1"), ("b.png", "2")]) == base)
    #expect(try hash([("a.png", "1"), ("b.png", "3")]) != base)
    #expect(try hash([("a.png", "1"), ("c.png", "2")]) != base)
    #expect(try hash([("b.png", "2"), ("a.png", "1")]) != base)
  }
}
