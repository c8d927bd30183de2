// A webhook that costs as little as one in Go can: see main.go.
module berth.test/peers/constant

go 1.26.0
