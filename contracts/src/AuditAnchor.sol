// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// Checkpoints of audit logs (RFC 6962 tree size and root), so that a log's past can be compared with what it once said.
/// A log belongs to the account that writes it; of each it only ever grows.
contract AuditAnchor {
    struct Checkpoint {
        uint64 size;
        uint64 anchoredAt;
        bytes32 root;
    }

    /// The newest of each: latest[writer][log]. A log's name is the hash of its origin line.
    mapping(address writer => mapping(bytes32 log => Checkpoint)) public latest;

    event Anchored(address indexed writer, bytes32 indexed log, uint64 size, bytes32 root);

    error NotAbove(uint64 size, uint64 latest);

    function anchor(bytes32 log, uint64 size, bytes32 root) external {
        Checkpoint storage newest = latest[msg.sender][log];
        if (size <= newest.size) revert NotAbove(size, newest.size);
        latest[msg.sender][log] = Checkpoint(size, uint64(block.timestamp), root);
        emit Anchored(msg.sender, log, size, root);
    }
}
