using Plue.Server.Vault;
using SecretVault = Plue.Server.Vault.Vault;

namespace Plue.Server.Tests.Vault;

/// <summary>A temporary folder with a vault file, for any number of vaults.</summary>
public sealed class VaultHome : IDisposable
{
    public const string Key = "vault://anthropic/api_key";
    public const string Canary = "sk-canary-7f3e91d0+b2/5c=84";
    public static readonly Uri Anthropic = new("https://api.anthropic.com/v1/messages");
    public static readonly UnlockMethod Editor = UnlockMethod.Editor("desk", [.. Enumerable.Range(1, 32).Select(number => (byte)number)]);

    public VaultHome() => Path = System.IO.Path.Combine(Directory, "home", "vault.json");

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("plue-vault-").FullName;
    public string Path { get; }
    public Redactor Redactor { get; } = new();
    public FakeKeychain Keychain { get; } = new();
    public byte[] Bytes
    {
        get => File.ReadAllBytes(Path);
        set => File.WriteAllBytes(Path, value);
    }
    public string Text
    {
        get => File.ReadAllText(Path);
        set => File.WriteAllBytes(Path, System.Text.Encoding.UTF8.GetBytes(value));
    }

    public SecretVault Open(TimeProvider? time = null) => new(Path, Keychain, Redactor, time);

    /// <summary>Creates a vault that contains the canary and is unlocked by the editor.</summary>
    public async Task<SecretVault> CreateAsync()
    {
        var vault = Open();
        await vault.CreateAsync(Editor, default);
        await vault.StoreAsync(Key, Canary, ["https://api.anthropic.com"], default);
        return vault;
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}

public sealed class FakeKeychain : IKeychain
{
    public Dictionary<string, byte[]> Items { get; } = [];
    public bool Answers { get; set; } = true;

    public Task<bool> IsAvailableAsync(CancellationToken cancellationToken) => Task.FromResult(Answers);

    public Task<byte[]?> ReadAsync(string account, CancellationToken cancellationToken) =>
        Task.FromResult(Items.GetValueOrDefault(account)?.ToArray());

    public Task WriteAsync(string account, byte[] key, CancellationToken cancellationToken)
    {
        Items[account] = [.. key];
        return Task.CompletedTask;
    }

    public Task DeleteAsync(string account, CancellationToken cancellationToken)
    {
        Items.Remove(account);
        return Task.CompletedTask;
    }
}
