using Plue.Server.Platform;

namespace Plue.Server.Codices;

/// <summary>The mask for texts sent to and received from providers, if the settings enable it.</summary>
internal sealed class SecretMask(PluePaths paths, ITextMask redactor)
{
    /// <summary>Null if masking is disabled. Reads the value without the schema of the settings, which each turn would otherwise need.</summary>
    public ITextMask? Current => UserConfig.Read(paths).Values.GetBoolean(UserConfig.MaskSecretsKey) == false ? null : redactor;
}
