// SPDX-License-Identifier: Apache-2.0

import Files

/// The paint of a vehicle and whether its lamps burn.
struct CarFinish {
  var paint: V3
  var lamps: Float
  var braking: Bool
  var seed: UInt32
}

extension Model {
  /// Builds a vehicle with its middle at a place; `cargo` adds what it carries.
  mutating func addCar(_ s: Stand, body: CarBody, finish: CarFinish, cargo: (inout Model) -> Void = { _ in })
  {
    addInstance(body.kind) { model in
      let paint = model.add(Material(kind: .paint, base: finish.paint, seed: finish.seed))
      model.addLowerBody(s, body, paint)
      model.addCabin(s, body, paint, finish)
      model.addWheels(s, body)
      model.addLamps(s, body, finish)
      cargo(&model)
    }
    let length = body.profile[1].x + 0.1
    spots.append(
      Spot(
        centre: s.origin, along: s.right * (body.width * 0.66), across: s.forward * (length * 1.18),
        strength: -1.1))
  }

  private mutating func addLowerBody(_ s: Stand, _ body: CarBody, _ paint: Int) {
    let half = body.width / 2
    let (outer, inner) = (half, half - 0.09)
    let middle = body.profile.reduce(V2.zero, +) / Float(body.profile.count)
    let shrunk = body.profile.map { p in
      let d = p - middle
      let size = max(0.2, (d.x * d.x + d.y * d.y).squareRoot())
      return p - d * (0.07 / size) - V2(0, d.y > 0 ? 0.03 : 0)
    }
    let count = body.profile.count
    addFace(shrunk.map { s.at(outer, $0.x, $0.y) }, paint, .car, shadow: true)
    addFace(shrunk.reversed().map { s.at(-outer, $0.x, $0.y) }, paint, .car, shadow: true)
    let dark = add(.plain(V3(repeating: 0.01)))
    for i in 0..<count {
      let j = (i + 1) % count
      let (a, b, c, d) = (body.profile[i], body.profile[j], shrunk[i], shrunk[j])
      let skin = i == 0 ? dark : paint
      addFace(
        [s.at(inner, a.x, a.y), s.at(inner, b.x, b.y), s.at(-inner, b.x, b.y), s.at(-inner, a.x, a.y)]
          .reversed(), skin, .car, shadow: true)
      addFace(
        [s.at(outer, d.x, d.y), s.at(outer, c.x, c.y), s.at(inner, a.x, a.y), s.at(inner, b.x, b.y)], skin,
        .car)
      addFace(
        [s.at(-outer, c.x, c.y), s.at(-outer, d.x, d.y), s.at(-inner, b.x, b.y), s.at(-inner, a.x, a.y)],
        skin, .car)
    }
  }

  private mutating func addCabin(_ s: Stand, _ body: CarBody, _ paint: Int, _ finish: CarFinish) {
    let (foot, roof) = (body.width / 2 - 0.05, body.width / 2 - 0.05 - body.taper)
    func low(_ x: Float, _ y: Float) -> V3 { s.at(x * foot, y, body.belt) }
    func high(_ x: Float, _ y: Float) -> V3 { s.at(x * roof, y, body.top) }
    let sides: [[V3]] = [
      [low(1, body.foot.x), low(1, body.foot.y), high(1, body.roof.y), high(1, body.roof.x)],
      [low(-1, body.foot.y), low(-1, body.foot.x), high(-1, body.roof.x), high(-1, body.roof.y)],
      [low(1, body.foot.y), low(-1, body.foot.y), high(-1, body.roof.y), high(1, body.roof.y)],
      [low(-1, body.foot.x), low(1, body.foot.x), high(1, body.roof.x), high(-1, body.roof.x)],
    ]
    for (i, corners) in sides.enumerated() {
      addGlazing(corners, finish, panes: i < 2 ? body.panes : [V2(0.05, 0.95)])
    }
    addFace(
      [high(-1, body.roof.x), high(1, body.roof.x), high(1, body.roof.y), high(-1, body.roof.y)], paint, .car,
      shadow: true)
    let mirror = add(.plain(finish.paint * 0.6))
    for side: Float in [-1, 1] {
      addBox(
        s.box(side * (foot + 0.17), body.foot.y - 0.35, half: V2(0.11, 0.06), body.belt, body.belt + 0.14),
        mirror, .car)
    }
  }

  /// One side of the cabin: a painted frame with glass inset along the slanted pillars.
  private mutating func addGlazing(_ c: [V3], _ finish: CarFinish, panes: [V2]) {
    let frame = add(Material(kind: .paint, base: finish.paint, seed: finish.seed))
    addFace(c, frame, .car, shadow: true)
    let out = normalised(cross(c[1] - c[0], c[3] - c[0])) * 0.012
    func inside(_ u: Float, _ v: Float) -> V3 {
      mix(mix(c[0], c[1], u), mix(c[3], c[2], u), v) + out
    }
    let up = c[3] - c[0]
    let height = dot(up, up).squareRoot()
    for pane in panes {
      let corners = [inside(pane.x, 0.08), inside(pane.y, 0.08), inside(pane.y, 0.9), inside(pane.x, 0.9)]
      let across = corners[1] - corners[0]
      let size = V2(dot(across, across).squareRoot() * 10, height * 0.85)
      addFace(
        corners, add(Material(kind: .glass, base: finish.paint * 0.3, size: size, seed: finish.seed)), .car)
      let last = faces.count - 1
      faces[last].origin -= faces[last].uAxis * (size.x * 0.45) + faces[last].vAxis * (height * 0.06)
    }
  }

  private mutating func addWheels(_ s: Stand, _ body: CarBody) {
    let rubber = add(.plain(V3(repeating: 0.012)))
    let rim = Material(kind: .wheel, base: .zero, accent: tone(0.62, 0.63, 0.65), size: V2(body.wheel, 0))
    let wheel = add(rim)
    let circle = (0..<16).map { V2(cosine(Float($0) * 0.392699), sine(Float($0) * 0.392699)) }
    let arch = (0...8).map { V2(cosine(Float($0) * 0.392699), sine(Float($0) * 0.392699)) }
    for y in [body.axles.x, body.axles.y] {
      for side: Float in [-1, 1] {
        let x = side * (body.width / 2)
        let across = s.forward * side
        let middle = s.at(x, y, body.wheel)
        func disc(_ radius: Float, _ out: Float) -> Plane {
          Plane(middle: middle + s.right * (side * out), right: across * radius, up: V3(0, 0, radius))
        }
        addShape(arch, on: disc(body.wheel + 0.07, 0.006), rubber, .car)
        addShape(circle, on: disc(body.wheel, 0.016), wheel, .car)
        addBox(
          s.box(x - side * 0.13, y, half: V2(0.11, body.wheel * 0.75), 0.01, body.wheel + 0.1), rubber, .car)
      }
    }
  }

  private mutating func addLamps(_ s: Stand, _ body: CarBody, _ finish: CarFinish) {
    let on = finish.lamps
    let head = add(Material(kind: .lamp, base: tone(0.95, 0.95, 0.9), size: V2(on * 4, 0)))
    let tail = add(
      Material(
        kind: .lamp, base: tone(0.8, 0.05, 0.05), size: V2(finish.braking ? max(on, 0.5) * 3.5 : on * 2, 0)))
    let plate = add(Material(kind: .lamp, base: tone(0.88, 0.87, 0.75), size: .zero))
    let dark = add(.plain(V3(repeating: 0.012)))
    for (edge, lamp, front) in [(body.frontEdge, head, true), (body.rearEdge, tail, false)] {
      let strip = body.strip(edge)
      for side: Float in [-1, 1] {
        let x = V2(front ? 0.56 : 0.68, 0.95) * side
        addPatch(s, strip, x, front ? V2(0.2, 0.75) : V2(0.1, 0.8), lamp)
      }
      addPatch(s, strip, V2(-0.28, 0.28), front ? V2(0.1, 0.5) : V2(0.45, 0.85), front ? dark : plate)
      let lower = body.strip(front ? edge - 1 : edge + 1)
      addPatch(s, lower, V2(-0.8, 0.8), front ? V2(0.2, 0.65) : V2(0.5, 0.85), dark)
      if front { addPatch(s, lower, V2(-0.25, 0.25), V2(0.62, 0.95), plate) }
    }
    guard on > 0 else { return }
    let beam = s.at(0, body.profile[1].x + 5.5, 0)
    spots.append(Spot(centre: beam, along: s.right * 1.7, across: s.forward * 5.5, strength: on * 0.5))
  }

  /// A patch on a strip of the body: across it from -1 to 1, and along the strip from 0 to 1.
  private mutating func addPatch(_ s: Stand, _ strip: CarBody.Strip, _ x: V2, _ t: V2, _ material: Int) {
    let along = strip.end - strip.start
    let length = max(1e-3, (along.x * along.x + along.y * along.y).squareRoot())
    // A little outside the body, so that it hides the paint.
    let out = V2(along.y, -along.x) * (0.012 / length)
    let (p, q) = (strip.start + along * t.x + out, strip.start + along * t.y + out)
    let (left, right) = (min(x.x, x.y) * strip.half, max(x.x, x.y) * strip.half)
    addFace(
      [s.at(left, p.x, p.y), s.at(left, q.x, q.y), s.at(right, q.x, q.y), s.at(right, p.x, p.y)], material,
      .car)
  }
}
