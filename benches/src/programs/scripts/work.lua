-- What programs do: tables, closures, metatables, strings, iterators, numbers.
local out = {}
local seed = 42
local function random(n)
  seed = (seed * 1664525 + 1013904223) % 4294967296
  return seed // 65536 % n
end

local Vector = {}
Vector.__index = Vector
Vector.__add = function(a, b) return setmetatable({ x = a.x + b.x, y = a.y + b.y }, Vector) end
Vector.__eq = function(a, b) return a.x == b.x and a.y == b.y end
function Vector.new(x, y) return setmetatable({ x = x, y = y }, Vector) end
function Vector:length() return (self.x * self.x + self.y * self.y) ^ 0.5 end

local function vectors()
  local sum, equal = Vector.new(0, 0), 0
  for i = 1, 4000 do
    local v = Vector.new(random(9), i % 7)
    sum = sum + v
    if v == Vector.new(3, 4) then equal = equal + 1 end
  end
  return string.format("%.6f %d", sum:length(), equal)
end

local function words()
  local counts, parts = {}, {}
  for _ = 1, 2500 do parts[#parts + 1] = "w" .. random(40) .. ("xyz"):sub(random(3) + 1, 3) end
  for word in table.concat(parts, ", "):gmatch("%w+") do counts[word] = (counts[word] or 0) + 1 end
  local names = {}
  for name in pairs(counts) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    if counts[a] ~= counts[b] then return counts[a] > counts[b] end
    return a < b
  end)
  return table.concat(names, " ", 1, 8) .. #(table.concat(parts):gsub("w(%d)", "%1%1"))
end

local function queens(n)
  local columns, up, down, found = {}, {}, {}, 0
  local function place(row)
    if row > n then found = found + 1 return end
    for c = 1, n do
      if not (columns[c] or up[row + c] or down[row - c]) then
        columns[c], up[row + c], down[row - c] = true, true, true
        place(row + 1)
        columns[c], up[row + c], down[row - c] = nil, nil, nil
      end
    end
  end
  place(1)
  return found
end

local function sieve(n)
  local flags, count = {}, 0
  for i = 2, n do flags[i] = true end
  for i = 2, n do
    if flags[i] then
      count = count + 1
      for j = i * i, n, i do flags[j] = false end
    end
  end
  return count
end

local function trees(depth)
  local function make(d) return d > 0 and { make(d - 1), d, make(d - 1) } or {} end
  local function sum(t) return t[2] and t[2] + sum(t[1]) * 2 % 1009 + sum(t[3]) or 1 end
  return sum(make(depth))
end

local function pipeline()
  local function source(n)
    local i = 0
    return function() i = i + 1 if i <= n then return i * 7 % 100 end end
  end
  local function filter(from)
    return function() for v in from do if v % 3 ~= 0 then return v end end end
  end
  local sum = 0
  for v in filter(filter(source(5000))) do sum = sum * 31 % 65521 + v end
  return sum
end

local function numeric()
  local a, x = {}, 0.0
  for i = 1, 40 do
    a[i] = {}
    for j = 1, 40 do a[i][j] = (i * j) % 7 - 2.5 end
  end
  for i = 1, 40 do
    for j = 1, 40 do
      local s = 0.0
      for k = 1, 40 do s = s + a[i][k] * a[k][j] end
      x = x * 0.5 + s
    end
  end
  return string.format("%.9f %d", x, 0x7fff ~ (12345678901 >> 3 & 0xffff))
end

local all = { vectors, words, queens, sieve, trees, pipeline, numeric }
local sizes = { 0, 0, 6, 12000, 10, 0, 0 }
for i, f in ipairs(all) do out[#out + 1] = tostring(f(sizes[i])) end
out[#out + 1] = "done"
return table.concat(out, "\n")
