// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// What these tests ask of the chain that runs them.
interface Vm {
    function addr(uint256 key) external returns (address);
    function assume(bool condition) external;
    function deal(address account, uint256 balance) external;
    function getCode(string calldata artifact) external view returns (bytes memory);
    function etch(address account, bytes calldata code) external;
    function expectEmit(address emitter) external;
    function expectRevert(bytes calldata data) external;
    function prank(address caller) external;
    function sign(uint256 key, bytes32 digest) external returns (uint8 v, bytes32 r, bytes32 s);
    function warp(uint256 timestamp) external;
}

// Where the chain of the tests listens.
Vm constant vm = Vm(address(uint160(uint256(keccak256('hevm cheat code')))));

// By name, not by `new`: whoever changes a contract to see whether a test notices, compiles no test anew.
function deployed(string memory artifact) returns (address at_) {
    bytes memory code = vm.getCode(artifact);
    assembly ('memory-safe') {
        at_ := create(0, add(code, 32), mload(code))
    }
    require(at_ != address(0), 'not deployed');
}
