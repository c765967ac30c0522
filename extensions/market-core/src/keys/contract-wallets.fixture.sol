// SPDX-License-Identifier: MIT
// The contract wallets of the tests of verify.ts. contract-wallets.fixture.ts holds their creation code, made with
// solc 0.8.37, optimizer on, 200 runs, evmVersion cancun, no metadata hash (settings.metadata.bytecodeHash 'none').
pragma solidity 0.8.37;

/// EIP-1271 for one owner's key, and the smallest that EIP-6492 can deploy: the owner is in the init code, hence in the
/// CREATE2 address.
contract OwnedWallet {
    address private immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 65) return 0xffffffff;
        address signer = ecrecover(hash, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
        return signer != address(0) && signer == owner ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}

/// Answers every call by EIP-3668, naming a URL of its deployer's choice for the client to fetch.
contract LookupWallet {
    error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData);

    string private url;

    constructor(string memory url_) {
        url = url_;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        string[] memory urls = new string[](1);
        urls[0] = url;
        revert OffchainLookup(address(this), urls, "", this.isValidSignature.selector, "");
    }
}

/// Says yes in a form that is not EIP-1271's: the magic value with something behind it.
contract SloppyWallet {
    function isValidSignature(bytes32, bytes calldata) external pure returns (uint256) {
        return (uint256(0x1626ba7e) << 224) | 1;
    }
}
