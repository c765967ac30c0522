// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// What two parties agree on before money moves. The EIP-712 hash of these terms in the escrow's domain is the order's id:
/// whoever signs the id signs the terms, and an id means the same terms for ever. They travel in calldata and are never stored.
struct Order {
    /// Whose money it is until it is paid out.
    address payer;
    address payee;
    /// ERC-20, or zero for the chain's own coin.
    address token;
    /// Base units that are locked: the most that the payee can get.
    uint128 amount;
    /// Whose vouchers count, or zero: there are none.
    address voucherSigner;
    /// No lock from then on. Unix time, like each moment here.
    uint64 expiresAt;
    /// From then on vouchers are lost and what is left goes back to the payer.
    uint64 refundableAt;
    /// Who decides a dispute, or zero: there is none.
    address arbiter;
    /// Seconds that the arbiter has for it.
    uint32 decisionTime;
    /// What the payee gets of the rest if the arbiter does not decide in time, in hundredths of a percent.
    uint16 undecidedPayeeBps;
    /// Tells orders apart that are otherwise alike; what it refers to is between the parties.
    bytes32 ref;
}

/// A voucher that the payer's side has signed: by now the payee has earned this much in all.
struct Claim {
    Order order;
    uint128 cumulative;
    bytes signature;
}

/// ERC-2612.
struct Permit {
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

enum Status {
    /// Never locked: anybody may still agree on it.
    None,
    Active,
    /// Frozen until the arbiter decides or its time is over; what the parties concede counts nevertheless.
    Disputed,
    /// Nothing is left of it, for ever.
    Closed
}

/// What changes of an order; one storage slot.
struct State {
    Status status;
    uint64 disputedAt;
    /// Base units that the payee has got, whoever decided that.
    uint128 paid;
}

interface IMarketEscrow {
    event Locked(bytes32 indexed id, address indexed payer, address indexed payee, Order order);
    /// @param paid in all, with this payment
    event Paid(bytes32 indexed id, uint256 amount, uint256 paid);
    event Refunded(bytes32 indexed id, uint256 amount);
    event Cancelled(bytes32 indexed id);
    event Disputed(bytes32 indexed id, address by, uint256 decideBefore);
    /// @param by the arbiter, or zero when it did not decide in time
    event Decided(bytes32 indexed id, address by, uint256 toPayee, uint256 toPayer);
    /// A payment that its receiver did not take: it can be withdrawn.
    event Credited(address indexed token, address indexed account, uint256 amount);
    event Withdrawn(address indexed token, address indexed account, address to, uint256 amount);

    /// Nothing that can be agreed on: @param field of the order that is wrong
    error BadTerms(string field);
    error AlreadyUsed(bytes32 id, Status status);
    error NotOpen(bytes32 id, Status status);
    error NotDisputed(bytes32 id, Status status);
    error Frozen(bytes32 id, uint256 decideBefore);
    error Expired(uint256 expiresAt);
    error NotFor(address caller);
    error BadSignature(address signer);
    error WrongValue(uint256 expected, uint256 sent);
    error OwnCoinByPayerOnly();
    error NotWholeReceived(uint256 expected, uint256 received);
    error NothingToPay();
    error MoreThanLeft(uint256 wanted, uint256 left);
    error NoVouchers();
    error VoucherNotAbove(uint256 cumulative, uint256 paid);
    error VoucherBeyondLock(uint256 cumulative, uint256 amount);
    error VoucherTooLate(uint256 refundableAt);
    error NotRefundableYet(uint256 refundableAt);
    error NoArbiter();
    error TooLateToDispute(uint256 refundableAt);
    error TooLateToDecide(uint256 decideBefore);
    error NotDecidableYet(uint256 decideBefore);
    error NothingToWithdraw();
    error NotWithdrawn();
    error TooLittleGas(uint256 needed);
}
