// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AuditAnchor} from '../src/AuditAnchor.sol';
import {deployed, vm} from './Vm.sol';

contract AnchorTest {
    AuditAnchor private anchor;

    function setUp() external {
        anchor = AuditAnchor(deployed('contracts/src/AuditAnchor.sol:AuditAnchor'));
    }

    /// Each writer's logs grow by themselves, and never shrink.
    function testFuzz_ALogOnlyGrows(address writer, bytes32 log, uint64[4] calldata sizes, bytes32 root) external {
        uint64 newest;
        for (uint256 i = 0; i < sizes.length; i++) {
            vm.warp(1000 + i);
            uint64 size = i % 2 == 0 ? sizes[i] : newest; // the same again is not above either
            bool above = size > newest;
            if (above) {
                vm.expectEmit(address(anchor));
                emit AuditAnchor.Anchored(writer, log, size, root);
            } else {
                vm.expectRevert(abi.encodeWithSelector(AuditAnchor.NotAbove.selector, size, newest));
            }
            vm.prank(writer);
            anchor.anchor(log, size, root);
            if (!above) continue;
            newest = size;
            _expect(writer, log, size, uint64(block.timestamp), root);
        }
    }

    function testFuzz_LogsAreApart(address[2] calldata writers, bytes32[2] calldata logs, uint64 size) external {
        vm.assume(writers[0] != writers[1] && logs[0] != logs[1] && size != 0);
        vm.prank(writers[0]);
        anchor.anchor(logs[0], size, bytes32(uint256(1)));
        _expect(writers[0], logs[1], 0, 0, 0);
        _expect(writers[1], logs[0], 0, 0, 0);
        vm.prank(writers[1]);
        anchor.anchor(logs[0], 1, bytes32(uint256(2)));
        _expect(writers[0], logs[0], size, uint64(block.timestamp), bytes32(uint256(1)));
    }

    function _expect(address writer, bytes32 log, uint64 size, uint64 anchoredAt, bytes32 root) private view {
        (uint64 size_, uint64 at_, bytes32 root_) = anchor.latest(writer, log);
        require(size_ == size && at_ == anchoredAt && root_ == root, 'latest');
    }
}
