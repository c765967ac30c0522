// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Status} from '../src/IMarketEscrow.sol';
import {Handler} from './Handler.sol';
import {Market} from './Market.sol';

/// What is true after whatever actors do. A call that the books did not foresee, done or refused, fails by itself.
contract InvariantsTest {
    Handler private handler;

    function setUp() external {
        handler = new Handler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), _actions());
    }

    function _actions() private view returns (bytes4[] memory actions) {
        bytes4[18] memory all = [
            handler.lock.selector,
            handler.cancel.selector,
            handler.lockAgain.selector,
            handler.release.selector,
            handler.claim.selector,
            handler.replay.selector,
            handler.claimBatch.selector,
            handler.forge.selector,
            handler.refund.selector,
            handler.dispute.selector,
            handler.decide.selector,
            handler.conclude.selector,
            handler.withdraw.selector,
            handler.pass.selector,
            handler.turn.selector,
            handler.misbehave.selector,
            handler.donate.selector,
            handler.meddle.selector
        ];
        actions = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; i++) actions[i] = all[i];
    }

    /// The escrow has what is left of the open orders, what is kept for receivers, and what it was given; nothing else.
    function invariant_I1_NothingIsMadeOrLost() public view {
        for (uint256 a = 0; a < 3; a++) {
            address asset = handler.assets(a);
            uint256 sum = handler.lockedOf(asset) + handler.donated(asset);
            for (uint256 k = 0; k < handler.actorCount(); k++) {
                sum += handler.escrow().credits(asset, handler.actors(k));
            }
            require(handler.balanceOf(asset, address(handler.escrow())) == sum, 'I1');
        }
    }

    function invariant_I2_NoForbiddenTransition() public view {
        _expectNoBreach(2);
    }

    function invariant_I3_EachOrderEndsOnceAndForEver() public view {
        _expectNoBreach(3);
        for (uint256 i = 0; i < handler.orders(); i++) {
            Market.Entry memory it = handler.entry(i);
            require(it.ends == (it.seen.status == Status.Closed ? 1 : 0), 'I3: ends');
            if (it.ends == 1) require(it.toPayee + it.toPayer == it.order.amount, 'I3: shares');
        }
    }

    function invariant_I4_PaidOnlyRisesUpToTheAmount() public view {
        _expectNoBreach(4);
    }

    function invariant_I5_VouchersAreMonotonic() public view {
        _expectNoBreach(5);
    }

    /// Everybody has what is theirs, and who is neither payer nor payee of anything has nothing.
    function invariant_I6_NoThirdPartyGains() public view {
        for (uint256 a = 0; a < 3; a++) {
            address asset = handler.assets(a);
            for (uint256 k = 0; k < handler.actorCount(); k++) {
                address actor = handler.actors(k);
                uint256 credit = handler.escrow().credits(asset, actor);
                require(credit == handler.kept(asset, actor), 'I6: kept');
                require(handler.balanceOf(asset, actor) + credit == handler.owned(asset, actor), 'I6: owned');
            }
        }
    }

    function invariant_I7_AFrozenRestStays() public view {
        _expectNoBreach(7);
    }

    /// After any history, all of it can be taken out by those to whom it is due.
    function afterInvariant() external {
        _expectEmptied();
    }

    function _expectEmptied() private {
        handler.empty();
        for (uint256 i = 0; i < handler.orders(); i++) {
            require(handler.entry(i).seen.status == Status.Closed, 'I8: open');
        }
        for (uint256 a = 0; a < 3; a++) {
            address asset = handler.assets(a);
            require(handler.balanceOf(asset, address(handler.escrow())) == handler.donated(asset), 'I8: left');
        }
        _expectAll();
    }

    function _expectAll() private view {
        invariant_I1_NothingIsMadeOrLost();
        invariant_I2_NoForbiddenTransition();
        invariant_I3_EachOrderEndsOnceAndForEver();
        invariant_I4_PaidOnlyRisesUpToTheAmount();
        invariant_I5_VouchersAreMonotonic();
        invariant_I6_NoThirdPartyGains();
        invariant_I7_AFrozenRestStays();
    }

    function _expectNoBreach(uint256 rule) private view {
        string memory breach = handler.breach(rule);
        require(bytes(breach).length == 0, breach);
    }

    /// Histories like those that the invariants are searched with, always the same: they reach all that there is to reach.
    function test_I8_HistoriesReachEverythingAndCanBeEmptied() external {
        bytes4[] memory actions = _actions();
        string[24] memory all = [
            'locked',
            'cancelled',
            'a token with a fee refused',
            'refused to lock again',
            'released',
            'released in a dispute',
            'claimed',
            'claimed in a dispute',
            'claimed in a batch',
            'refused a voucher again',
            'refunded',
            'refunded when it was time',
            'conceded in a dispute',
            'disputed',
            'decided',
            'concluded',
            'kept for a receiver that did not take it',
            'withdrawn',
            'an odd token withdrawn',
            'an odd token not withdrawn',
            'forge',
            'meddle',
            'misbehave',
            'donate'
        ];
        uint256[24] memory times;
        for (uint256 history = 0; history < 20; history++) {
            handler = new Handler();
            for (uint256 step = 0; step < 100; step++) _step(actions, uint256(keccak256(abi.encode(history, step))));
            _expectEmptied();
            for (uint256 i = 0; i < all.length; i++) times[i] += handler.reached(all[i]);
        }
        for (uint256 i = 0; i < all.length; i++) require(times[i] > 0, string.concat('never ', all[i]));
    }

    function _step(bytes4[] memory actions, uint256 seed) private {
        uint256 other = uint256(keccak256(abi.encode(seed)));
        // Longer than some of them take: what is too much is ignored.
        bytes memory call =
            abi.encodeWithSelector(actions[seed % actions.length], seed / 32, other, uint256(keccak256(abi.encode(other))));
        (bool done, bytes memory why) = address(handler).call(call);
        if (done) return;
        assembly ('memory-safe') {
            revert(add(why, 32), mload(why))
        }
    }
}
