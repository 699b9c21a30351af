package gen

// ops holds the signature of every op; each group's file adds its own.
var ops = map[string]op{}

// descriptions lists the groups.
var descriptions = []func(*builder){
	describeTokens,
	describeRotation,
	describeDeliveries,
	describeURLs,
	describeFrames,
	describeDescriptors,
	describeLengths,
	describeSessionKeys,
	describeEvents,
	describePassthrough,
	describeInteractions,
	describePolicy,
	describeProvision,
	describeLadders,
	describeRevocations,
	describeActions,
	describeHello,
}
