// Zig: an exit code that is computed.
const std = @import("std");

pub fn main() void {
    var sum: u8 = 0;
    for (1..11) |i| sum += @intCast(i);
    std.debug.print("sum {d}\n", .{sum});
    std.process.exit(sum);
}
