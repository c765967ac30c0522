// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow, Order, State, Status} from '../src/IMarketEscrow.sol';
import {MarketEscrow} from '../src/MarketEscrow.sol';
import {Receiver, Wallet} from './Receivers.sol';
import {HonestToken, OddToken} from './Tokens.sol';
import {deployed, vm} from './Vm.sol';

/// Who trades, in what, and the books: what should be true of every order and everybody's money, kept apart from the escrow.
abstract contract Market {
    struct Entry {
        Order order;
        Status status;
        uint64 disputedAt;
        uint128 paid;
        /// As the escrow last said; what it says next must follow from that.
        State seen;
        /// Of each side, what has left the escrow for it.
        uint256 toPayee;
        uint256 toPayer;
        uint256 ends;
        /// The highest voucher that was accepted.
        uint128 vouchered;
    }

    MarketEscrow public escrow;
    address internal gold;
    address internal silver;
    OddToken internal odd;
    /// Coin, two honest tokens; the last one is odd.
    address[4] public assets;

    uint256 internal constant PAYER_KEY = uint256(keccak256('payer of the market'));
    uint256 internal constant SIGNER_KEY = uint256(keccak256('signer of the market'));
    uint256 internal constant PAYERS = 3;
    uint256 internal constant PAYEES = 3;
    uint256 internal constant THIRD = 6;
    /// Three payers (two keys and a contract), three payees (a key, a contract that may refuse, a wallet), then those who are
    /// neither: two arbiters, two signers (a key, a wallet), two strangers.
    address[] public actors;

    Entry[] internal book;
    uint256 internal constant MOST = 12;

    /// What each should own of each asset, sent or kept for it; and what of that is kept for it.
    mapping(address asset => mapping(address actor => uint256)) public owned;
    mapping(address asset => mapping(address actor => uint256)) public kept;
    mapping(address asset => uint256) public donated;

    /// How often something was brought about.
    mapping(string what => uint256) public reached;
    /// The first breach of each numbered rule, in words.
    mapping(uint256 rule => string) public breach;

    constructor() {
        escrow = MarketEscrow(deployed('contracts/src/MarketEscrow.sol:MarketEscrow'));
        (gold, silver, odd) = (address(new HonestToken('Gold')), address(new HonestToken('Silver')), new OddToken());
        assets = [address(0), gold, silver, address(odd)];
        actors.push(vm.addr(PAYER_KEY));
        actors.push(vm.addr(PAYER_KEY + 1));
        actors.push(address(new Receiver(true)));
        actors.push(_named('payee of the market'));
        actors.push(address(new Receiver(true)));
        actors.push(address(new Wallet(_named('owner'))));
        actors.push(_named('arbiter'));
        actors.push(_named('other arbiter'));
        actors.push(vm.addr(SIGNER_KEY));
        actors.push(address(new Wallet(vm.addr(SIGNER_KEY))));
        actors.push(_named('stranger'));
        actors.push(_named('other stranger'));
        for (uint256 i = 0; i < actors.length; i++) vm.deal(actors[i], 0);
    }

    function _named(string memory name) private pure returns (address) {
        return address(uint160(uint256(keccak256(bytes(name)))));
    }

    // ── What is asked of the books ───────────────────────────────────────────────────────────────────────────────────────

    function orders() external view returns (uint256) {
        return book.length;
    }

    function entry(uint256 i) external view returns (Entry memory) {
        return book[i];
    }

    function actorCount() external view returns (uint256) {
        return actors.length;
    }

    function isHonest(address asset) public view returns (bool) {
        return asset != address(odd);
    }

    function balanceOf(address asset, address account) public view returns (uint256) {
        return asset == address(0) ? account.balance : HonestToken(asset).balanceOf(account);
    }

    /// What is still locked of all orders in an asset, by the books.
    function lockedOf(address asset) external view returns (uint256 sum) {
        for (uint256 i = 0; i < book.length; i++) {
            Entry storage it = book[i];
            if (it.order.token == asset) sum += it.order.amount - it.toPayee - it.toPayer;
        }
    }

    // ── Keeping them ─────────────────────────────────────────────────────────────────────────────────────────────────────

    function _isOpen(Entry storage it) internal view returns (bool) {
        return it.status == Status.Active || it.status == Status.Disputed;
    }

    function _left(Entry storage it) internal view returns (uint128) {
        return it.order.amount - it.paid;
    }

    function _decideBefore(Entry storage it) internal view returns (uint256) {
        return uint256(it.disputedAt) + it.order.decisionTime;
    }

    function _got(Entry storage it, uint256 amount) internal {
        it.paid += uint128(amount);
        it.toPayee += amount;
        _received(it.order.token, it.order.payee, amount);
    }

    function _paid(Entry storage it, uint256 amount) internal {
        _got(it, amount);
        if (it.paid == it.order.amount) _end(it);
    }

    function _end(Entry storage it) internal {
        it.status = Status.Closed;
        it.ends++;
    }

    function _returned(Entry storage it, uint256 amount) internal {
        it.toPayer += amount;
        _received(it.order.token, it.order.payer, amount);
    }

    function _received(address asset, address to, uint256 amount) private {
        owned[asset][to] += amount;
        if (asset != address(0) || amount == 0 || !_refuses(to)) return;
        kept[asset][to] += amount;
        reached['kept for a receiver that did not take it']++;
    }

    function _refuses(address to) internal view returns (bool) {
        if (to != actors[2] && to != actors[4]) return false;
        return !Receiver(payable(to)).takes();
    }

    // ── Calling the escrow ───────────────────────────────────────────────────────────────────────────────────────────────

    /// The escrow does it when there is no refusal, and refuses with these very words when there is one.
    function _call(address caller, uint256 value, bytes memory call, bytes memory refusal)
        internal
        returns (bool done, bytes memory answer)
    {
        vm.prank(caller);
        (done, answer) = address(escrow).call{value: value}(call);
        require(done == (refusal.length == 0), done ? 'did what it should refuse' : 'refused what it should do');
        require(done || keccak256(answer) == keccak256(refusal), 'refused for another reason');
    }

    function _call(address caller, bytes memory call, bytes memory refusal) internal returns (bool done) {
        (done,) = _call(caller, 0, call, refusal);
    }

    function _notOpen(Entry storage it) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IMarketEscrow.NotOpen.selector, escrow.idOf(it.order), it.status);
    }

    function _signature(uint256 key, bytes32 digest) internal returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _voucher(Order memory order, uint128 cumulative) internal returns (bytes memory) {
        return _signature(SIGNER_KEY, escrow.voucherDigest(escrow.idOf(order), cumulative));
    }

    // ── Choosing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    function _mix(uint256 seed, uint256 salt) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, salt)));
    }

    function _within(uint256 seed, uint256 least, uint256 most) internal pure returns (uint256) {
        if (seed % 8 == 0) return least;
        if (seed % 8 == 1) return most;
        return least + (seed / 8) % (most - least + 1);
    }
}
